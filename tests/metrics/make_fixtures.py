"""Writes fixtures.inc: FID by scipy's sqrtm (by eigenvalues of the product where that is singular), its jackknife, and the
unbiased MMD^2, on toy data that toy.cpp draws in the same way. Needs numpy and scipy."""
from pathlib import Path

import numpy as np
from scipy import linalg


def toy(count, seed, d=8):
    state = (np.arange(count, dtype=np.uint64) + np.uint64(seed * 65536)) & np.uint64(0xFFFFFFFF)
    columns = []
    for _ in range(d):
        state = (np.uint64(1664525) * state + np.uint64(1013904223)) & np.uint64(0xFFFFFFFF)
        top = state >> np.uint64(24)
        columns.append(top * top // np.uint64(255))
    return np.stack(columns, 1).astype(np.float64) / 127.5 - 1


def fid(x, y):
    s1, s2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    if len(x) > x.shape[1]:
        root = np.trace(np.real(linalg.sqrtm(s1 @ s2)))
    else:
        root = np.sqrt(np.maximum(np.real(linalg.eigvals(s1 @ s2)), 0)).sum()
    return float(np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(s1 + s2) - 2 * root)


def kernel(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


def mmd(x, y):
    n, m = len(x), len(y)
    xx, yy = kernel(x, x), kernel(y, y)
    return float((xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
                 - 2 * kernel(x, y).mean())


def jackknife(x, y, groups):
    without = [fid(np.delete(x, np.s_[g::groups], 0), y) for g in range(groups)]
    return float(np.sqrt((groups - 1) / groups * np.sum((without - np.mean(without)) ** 2)))


def main():
    out = ["// Written by make_fixtures.py.", "// clang-format off"]
    x, y = toy(300, 2), toy(400, 3)
    for name, value in {"fid_value": fid(x, y), "fid_error": jackknife(x, y, 10), "fid_rank_deficient": fid(x[:6], y),
                        "mmd_value": mmd(x, y)}.items():
        out.append(f"constexpr double {name} = {value!r};")

    Path(__file__).with_name("fixtures.inc").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
