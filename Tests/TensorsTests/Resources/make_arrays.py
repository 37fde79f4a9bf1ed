"""Makes the array files of this folder; see README.md for the command."""
import zipfile

import numpy as np

RAMP = np.arange(6).reshape(2, 3)
TYPES = "?,i1,u1,i2,u2,i4,u4,i8,u8,f4,f8,c8,c16".split(",")


def numbers(name):
    """2 x 3 numbers that exercise the type; the tests build the same ones."""
    kind = np.dtype(name)
    if kind.kind == "b":
        return RAMP % 2 == 1
    if kind.kind == "u":
        return (RAMP * 40).astype(kind)
    if kind.kind == "i":
        return ((RAMP - 3) * 40).astype(kind)
    if kind.kind == "f":
        return ((RAMP - 2.5) / 8).astype(kind)
    return ((RAMP - 2.5) / 8 + 1j * (RAMP + 0.25)).astype(kind)


arrays = {}
for name in TYPES:
    key = "bool" if name == "?" else name
    base = numbers(name)
    for order, mark in (("little", "<"), ("big", ">")):
        typed = base.astype(np.dtype(name).newbyteorder(mark))
        arrays[f"{key}_{order}_c"] = np.ascontiguousarray(typed)
        arrays[f"{key}_{order}_f"] = np.asfortranarray(typed)
np.savez("types-stored.npz", **arrays)
np.savez_compressed("types-deflated.npz", **arrays)

shapes = {
    "scalar": np.float32(2.5),
    "empty": np.zeros((0, 3), np.float32),
    "vector": np.arange(5, dtype=np.float64),
    "cube_c": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "cube_f": np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)),
    "complex_cube_f": np.asfortranarray(
        (np.arange(24) - 1j * np.arange(24)).astype(np.complex64).reshape(2, 3, 4)
    ),
    "wide_exact": np.array([2**24, 2**30, -(2**40)], np.int64),
    "wide_inexact": np.array([0, 2**24 + 1], np.int64),
    "special": np.array([np.nan, np.inf, -np.inf, -0.0], np.float32),
}
np.savez("shapes.npz", **shapes)

# sizes after the bytes (bit 3), as when NumPy writes to a pipe
class Pipe:
    def __init__(self, path):
        self.file = open(path, "wb")

    def write(self, data):
        return self.file.write(data)

    def flush(self):
        self.file.flush()

    def close(self):
        self.file.close()

pipe = Pipe("streamed.npz")
with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
    for key in ("vector", "cube_f"):
        with archive.open(key + ".npy", "w", force_zip64=True) as entry:
            np.lib.format.write_array(entry, shapes[key])
pipe.close()

for version in ((1, 0), (2, 0), (3, 0)):
    with open(f"version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, shapes["cube_c"], version=version)
np.save("objects.npy", np.array([1, "a", None], dtype=object), allow_pickle=True)
np.save("half.npy", np.zeros(3, np.float16))
np.save("structured.npy", np.zeros(3, dtype=[("a", "f4"), ("b", "f4")]))
