"""`Handle` steers one store of ep-mock, embedded or over HTTP.

This package exports all types of its arguments and results.
"""

from ep_mock.clock import ClockMode
from ep_mock.control_messages import (
    Advanced,
    ClockReading,
    HistoryEntry,
    Job,
    JobHistory,
    JobTransition,
    LoadedPromotion,
    NearRequest,
    QueueEntry,
    RecordedRequest,
    StoreReading,
    Usage,
    Work,
    WorkerReading,
)
from ep_mock.domain.families import FamilyName
from ep_mock.domain.lifecycle import JobType, Status
from ep_mock.handle.aio import AsyncWaits
from ep_mock.handle.clock import ClockHandle
from ep_mock.handle.connection import Connection, Reply
from ep_mock.handle.errors import (
    HandleError,
    RefusedError,
    RequestAssertionError,
    UnreachableError,
    WaitError,
)
from ep_mock.handle.handle import Handle
from ep_mock.handle.jobs import JobsHandle
from ep_mock.handle.promotions import CodesHandle, PromotionsHandle
from ep_mock.handle.references import AnyJob, AnyPromotion, Promotion
from ep_mock.handle.requests import RequestsHandle
from ep_mock.handle.typed_arguments import (
    Checkout,
    DelayRange,
    FaultOptions,
    Matcher,
    PlannedJobs,
    PlanOptions,
    RequestQuery,
    StubAnswer,
)
from ep_mock.handle.worker import WorkerHandle
from ep_mock.serving.tls import Verify
from ep_mock.setting_keywords import ResetSettings, StoreSettings

__all__ = [
    "Advanced",
    "AnyJob",
    "AnyPromotion",
    "AsyncWaits",
    "Checkout",
    "ClockHandle",
    "ClockMode",
    "ClockReading",
    "CodesHandle",
    "Connection",
    "DelayRange",
    "FamilyName",
    "FaultOptions",
    "Handle",
    "HandleError",
    "HistoryEntry",
    "Job",
    "JobHistory",
    "JobTransition",
    "JobType",
    "JobsHandle",
    "LoadedPromotion",
    "Matcher",
    "NearRequest",
    "PlanOptions",
    "PlannedJobs",
    "Promotion",
    "PromotionsHandle",
    "QueueEntry",
    "RecordedRequest",
    "RefusedError",
    "Reply",
    "RequestAssertionError",
    "RequestQuery",
    "RequestsHandle",
    "ResetSettings",
    "Status",
    "StoreReading",
    "StoreSettings",
    "StubAnswer",
    "UnreachableError",
    "Usage",
    "Verify",
    "WaitError",
    "Work",
    "WorkerHandle",
    "WorkerReading",
]
