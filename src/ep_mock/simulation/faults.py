"""The faults of one store, and which of them strike a request.

A request is held against the faults in the order in which they were set. Those that only delay add up; the first that decides the answer
is the last one asked, so that two faults for one request each strike one after the other.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from ep_mock.domain.faults import Delay, Fault, check_fault
from ep_mock.domain.matching import Request
from ep_mock.entropy import Entropy
from ep_mock.errors import UsageError

MOST_FAULTS: Final = 1000
"""How many faults a store has at most. Of those that have done their work the oldest are forgotten first."""


class FaultInForce:
    """A fault with what has become of it.

    Attributes:
        id: `fault-1` and so on, in the order in which the store's faults were set.
        hits: how many requests have matched; `strikes`: how many of them it struck.
    """

    __slots__ = ("fault", "hits", "id", "strikes")

    def __init__(self, number: int, fault: Fault) -> None:
        self.id = f"fault-{number}"
        self.fault = fault
        self.hits = 0
        self.strikes = 0

    @property
    def spent(self) -> bool:
        """Whether it will never strike again."""
        return bool(self.fault.times) and self.strikes >= self.fault.times

    def document(self) -> dict[str, Any]:
        """As the control plane prints it."""
        fault = msgspec.to_builtins(self.fault)
        return {"id": self.id, "hits": self.hits, "strikes": self.strikes, "spent": self.spent, "fault": fault}


class Strike(NamedTuple):
    """What happens to one request.

    Attributes:
        fault_ids: the faults that strike it.
        delay_before, delay_after: seconds to wait before it is carried out, and before it is answered.
        deciding: the fault that takes the place of the ordinary answer; None when the request is only delayed.
        request_id, garbage: what an internal error and a garbled answer are made of.
    """

    fault_ids: tuple[str, ...]
    delay_before: float
    delay_after: float
    deciding: Fault | None
    request_id: str
    garbage: bytes


class FaultList:
    """The faults of one store.

    Attributes:
        active: those that may still strike, in the order in which they were set.
    """

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._all: dict[str, FaultInForce] = {}
        self._count = 0
        self.active: list[FaultInForce] = []

    def add(self, fault: Fault) -> FaultInForce:
        """Set a fault.

        Raises:
            UsageError: it contradicts itself, or there are too many.
        """
        check_fault(fault)
        if len(self.active) >= MOST_FAULTS:
            raise UsageError(f"fault: there are {MOST_FAULTS} already; delete some first")
        if len(self._all) >= MOST_FAULTS:
            del self._all[next(each.id for each in self._all.values() if each.spent)]
        self._count += 1
        added = FaultInForce(self._count, fault)
        self._all[added.id] = added
        self.active.append(added)
        return added

    def all(self) -> list[FaultInForce]:
        """All faults, those that have done their work included, in the order in which they were set."""
        return list(self._all.values())

    def remove(self, fault_id: str) -> bool:
        """Lift a fault; answers whether there was one."""
        removed = self._all.pop(fault_id, None)
        self.active = [each for each in self.active if each is not removed]
        return removed is not None

    def clear(self) -> None:
        """Lift all faults."""
        self._all.clear()
        self.active = []

    def strike(self, request: Request) -> Strike | None:
        """What happens to this request, now that it has come; None when no fault strikes it."""
        struck: list[str] = []
        delays = {"before": 0.0, "after": 0.0}
        deciding: FaultInForce | None = None
        for each in self.active:
            if not self._hit(each, request):
                continue
            struck.append(each.id)
            delays[each.fault.when] += self._delay(each)
            if each.fault.decides:
                deciding = each
                break
        if not struck:
            return None
        self.active = [each for each in self.active if not each.spent]
        name = () if deciding is None else (deciding.id, str(deciding.hits))
        return Strike(
            fault_ids=tuple(struck),
            delay_before=delays["before"],
            delay_after=delays["after"],
            deciding=None if deciding is None else deciding.fault,
            request_id=self._entropy.uuid_of("request", *name),
            # No HTTP message begins with a null byte.
            garbage=b"\0" + bytes.fromhex(self._entropy.signature("garbage", *name)),
        )

    def _hit(self, each: FaultInForce, request: Request) -> bool:
        fault = each.fault
        if not fault.match.matches(request):
            return False
        each.hits += 1
        if each.hits <= fault.skip:
            return False
        if fault.probability < 1 and self._entropy.fraction("luck", each.id, str(each.hits)) >= fault.probability:
            return False
        each.strikes += 1
        return True

    def _delay(self, each: FaultInForce) -> float:
        delay = each.fault.delay
        if not isinstance(delay, Delay):
            return delay
        share = self._entropy.fraction("delay", each.id, str(each.hits))
        return delay.least + share * (delay.most - delay.least)
