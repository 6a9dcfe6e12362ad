from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ep_mock.handle import Handle, Promotion
from promotion_jobs import PromotionJobs


@pytest.fixture
def client(ep_mock: Handle) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ep_mock.url, headers={"Authorization": f"Bearer {ep_mock.token}"}) as client:
        yield client


@pytest.fixture
def promotion(ep_mock: Handle) -> Promotion:
    return ep_mock.promotions.create(name="Summer sale")


@pytest.fixture
def sleeps() -> list[float]:
    """How long the client has slept, in order; nothing really sleeps."""
    return []


@pytest.fixture
def jobs(client: httpx.Client, promotion: Promotion, sleeps: list[float]) -> PromotionJobs:
    return PromotionJobs(client, promotion.path, sleep=sleeps.append)
