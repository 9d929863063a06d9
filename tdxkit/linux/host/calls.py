"""SEAMCALLs of a host: made on the module model, counted, written down, and able to fail on demand."""

from collections import Counter

from tdxkit.kinds import SEAMCALL
from tdxkit.linux.host.faults import Points
from tdxkit.linux.host.log import Log
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.module import Begun, Module

RDRAND_RETRY_LOOPS = 10  # tries of a SEAMCALL that finds no entropy


class Calls:
    """`made` counts the calls by leaf; `last` is the last answer that was an error, as text, "" before any."""

    def __init__(self, module: Module, points: Points, log: Log):
        self._module, self._points, self._log = module, points, log
        self.made: Counter[str] = Counter()
        self.last = ""

    def make(self, leaf: str, **registers: int) -> Answer:
        """Make a SEAMCALL, or have it fail where the fault says so; sc_retry() calls again while the module finds no entropy."""
        for _ in range(RDRAND_RETRY_LOOPS):
            status = self._points.fails(leaf)
            result = self._module.call(leaf, **registers) if status is None else Answer(status, {})
            self._called(leaf, result, status is not None)
            if result.name != "TDX_RND_NO_ENTROPY":
                break
        return result

    def enter_guest(self, tdvpr: int) -> tuple[Answer, Begun | None]:
        """TDH.VP.ENTER: success and the call under way while the guest runs, or the status that kept it out and None."""
        status = self._points.fails("TDH.VP.ENTER")
        entry = self._module.enter(tdvpr) if status is None else None
        refused = Answer(status, {}) if entry is None else entry.result if entry.done else None
        self._called("TDH.VP.ENTER", refused or Answer(0, {}), status is not None)
        return (refused, None) if refused else (Answer(0, {}), entry)

    def _called(self, leaf: str, result: Answer, injected: bool) -> None:
        self.made[leaf] += 1
        if result.status >> 63:
            self.last = str(result)
        if injected:
            self._log.goes_wrong()
        said = f"{leaf} → {result}" + (" (injected)" if injected else "")
        self._log.step(leaf, said, kind=SEAMCALL, does=leaf)
