"""Writes fixtures/python.safetensors with the reference implementation (pip install safetensors numpy)."""
import pathlib

import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "b.weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 4,
        "a.count": np.array(7, dtype=np.int64),
        "c.empty": np.zeros((0, 3), dtype=np.float32),
        "d.bytes": np.arange(5, dtype=np.uint8),
        "e.half": np.array([1.5, -2], dtype=np.float16),
        "f.flags": np.array([True, False, True]),
    },
    pathlib.Path(__file__).parent / "fixtures" / "python.safetensors",
    metadata={"made by": "Python"},
)
