#!/usr/bin/env python3
"""Serves the Frechet distance of two Gaussians, so that another program can time its own between.

    peer_fid.py FOLDER [--features 2048] [--images 5000] [--threads 2]

Writes FOLDER/first.npz and FOLDER/second.npz (mu, sigma) of random features whose spectrum falls as Inception's does, and
prints one JSON line about itself. Then for each line on standard input one line:
  scipy     seconds of the distance by scipy.linalg.sqrtm, as pytorch-fid and guided-diffusion take it
  eigvals   seconds of the distance by the eigenvalues of the product, as torch-fidelity takes it
  distance  the distance that was last found
"""
import argparse
import json
import os
import pathlib
import sys
import time

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("folder", type=pathlib.Path)
p.add_argument("--features", type=int, default=2048)
p.add_argument("--images", type=int, default=5000)
p.add_argument("--threads", type=int, default=2)
a = p.parse_args()
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = str(a.threads)  # read when numpy is imported

import numpy as np  # noqa: E402
import scipy  # noqa: E402
from scipy import linalg  # noqa: E402


def moments(random, basis, shift):
    scales = 1 / np.sqrt(1 + np.arange(a.features))
    x = np.abs(random.standard_normal((a.images, a.features)) * scales @ basis) + shift
    return x.mean(0), np.cov(x, rowvar=False)


def by_scipy(first, second):
    root = linalg.sqrtm(first[1] @ second[1])
    if not np.isfinite(root).all():  # as pytorch-fid does with a nearly singular product
        more = 1e-6 * np.eye(a.features)
        root = linalg.sqrtm((first[1] + more) @ (second[1] + more))
    return np.sum((first[0] - second[0]) ** 2) + np.trace(first[1]) + np.trace(second[1]) - 2 * np.trace(np.real(root))


def by_eigenvalues(first, second):
    values = np.linalg.eigvals(first[1] @ second[1]).astype(complex)
    return (np.sum((first[0] - second[0]) ** 2) + np.trace(first[1]) + np.trace(second[1]) - 2 * np.sqrt(values).real.sum())


def main():
    random = np.random.default_rng(0)
    basis = np.linalg.qr(random.standard_normal((a.features, a.features)))[0]
    both = [moments(random, basis, shift) for shift in (0, 0.01)]
    for name, (mu, sigma) in zip(("first", "second"), both):
        np.savez(a.folder / f"{name}.npz", mu=mu, sigma=sigma)
    print(json.dumps(dict(numpy=np.__version__, scipy=scipy.__version__, python=sys.version.split()[0])), flush=True)
    distance = float("nan")
    for line in sys.stdin:
        what = line.strip()
        if not what:
            break
        if what == "distance":
            print(repr(float(distance)), flush=True)
            continue
        start = time.perf_counter()
        distance = {"scipy": by_scipy, "eigvals": by_eigenvalues}[what](*both)
        print(f"{time.perf_counter() - start:.9f}", flush=True)


main()
