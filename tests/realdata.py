"""Where the real captures and logs are, for the tests that use them."""

import os
from pathlib import Path
from typing import Final

import pytest

REALDATA: Final = Path(
    os.environ.get(
        "DNS_SENSOR_REALDATA", Path(__file__).resolve().parents[2] / "shared" / "realdata"
    )
)

needs_realdata: Final = pytest.mark.skipif(
    not REALDATA.is_dir(),
    reason="the real captures and logs are not beside this checkout (DNS_SENSOR_REALDATA)",
)
