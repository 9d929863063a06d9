"""What the host writes into shared memory for the module to read: TD_PARAMS."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TdParams:
    """TD_PARAMS of MNG.INIT, as far as the model looks at it."""

    attributes: int = 0
    xfam: int = 3  # x87 and SSE, which are always on
    max_vcpus: int = 64
    exec_controls: int = 0
    eptp_controls: int = 3 << 3 | 6  # four-level Secure EPT, write-back
    tsc_frequency: int = 100  # units of 25 MHz

    def wrong(self) -> str:
        """Operand name of the first field the module refuses, in its order; "" when all are fine."""
        rules = (
            ("ATTRIBUTES", self.attributes & ~((1 << 63) | 0x1_F000_00FF) == 0),
            ("XFAM", self.xfam & 3 == 3 and not self.xfam >> 20),
            ("MAX_VCPUS", 0 < self.max_vcpus <= 0xFFFF),
            ("EXEC_CONTROLS", not self.exec_controls >> 2),
            ("EPTP_CONTROLS", self.eptp_controls == 3 << 3 | 6),
            ("TSC_FREQUENCY", 4 <= self.tsc_frequency <= 400),
        )
        return next((name for name, fine in rules if not fine), "")
