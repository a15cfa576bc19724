"""Writes fixtures.inc: FID by scipy's sqrtm (by eigenvalues of the product where that is singular), its jackknife and its
extrapolation, FID, KID, precision and recall and the Inception Score by the programs that they are known by, and the
unbiased MMD^2, on toy data that toy.cpp draws in the same way; and statistics as those programs keep them, *.npz.

    pip install numpy scipy torch pytorch-fid torch-fidelity clean-fid
"""
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


def extrapolated(x, y, groups, points):
    """Through the distances of the first k groups, the next k, ... for some k: a line over 1 / images, at 0."""
    of_group, at, value = np.arange(len(x)) % groups, [], []
    for k in np.linspace(groups, groups // 4, points):
        assert k == int(k)
        unions = [np.isin(of_group, np.arange(first, first + k)) for first in range(0, groups - int(k) + 1, int(k))]
        at.append(1 / np.mean([u.sum() for u in unions]))
        value.append(np.mean([fid(x[u], y) for u in unions]))
    return float(np.polyfit(at, value, 1)[1])


def others(x, y):
    """FID of the same features by three programs."""
    import torch
    from cleanfid.fid import frechet_distance
    from pytorch_fid.fid_score import calculate_frechet_distance
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    moments = [(v.mean(0), np.cov(v, rowvar=False)) for v in (x, y)]
    statistics = [fid_features_to_statistics(torch.tensor(v)) for v in (x, y)]
    return {"pytorch_fid": float(calculate_frechet_distance(*moments[0], *moments[1])),
            "clean_fid": float(frechet_distance(*moments[0], *moments[1])),
            "torch_fidelity": fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]}


def fidelity(x, y):
    """KID and, by the number of neighbours, precision and recall by torch-fidelity."""
    import torch
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    n = len(x)  # a subset of so many is all of x, in any order: the program's random numbers do not matter
    kid = kid_features_to_metric(torch.tensor(x), torch.tensor(y[:n]), kid_subsets=2, kid_subset_size=n, verbose=False)
    found = {"kid": float(kid["kernel_inception_distance_mean"])}
    for k in (3, 5):
        shares = prc_features_to_metric(torch.tensor(x), torch.tensor(y), prc_neighborhood=k, verbose=False)
        found |= {f"{what}_{k}": shares[what] for what in ("precision", "recall")}
    return found


def main():
    import torch
    from torch_fidelity.metric_isc import isc_features_to_metric

    out = ["// Written by make_fixtures.py.", "// clang-format off"]
    x, y = toy(300, 2), toy(400, 3)
    scores = isc_features_to_metric(torch.tensor(x), splits=7, shuffle=False)
    wide = others(toy(300, 2, 64), toy(400, 3, 64))
    for name, value in {"fid_value": fid(x, y), "fid_error": jackknife(x, y, 10), "fid_rank_deficient": fid(x[:6], y),
                        "mmd_value": mmd(x, y), "fid_infinity": extrapolated(x, y, 20, 6),
                        "score": scores["inception_score_mean"],
                        "score_spread": scores["inception_score_std"] * (7 / 6) ** 0.5,
                        **{f"fid_by_{program}": value for program, value in wide.items()},
                        **{f"fidelity_{what}": value for what, value in fidelity(x, y).items()}}.items():
        out.append(f"constexpr double {name} = {value!r};")
    here = Path(__file__).parent
    here.joinpath("fixtures.inc").write_text("\n".join(out) + "\n")

    mu, sigma = y.mean(0), np.cov(y, rowvar=False)
    np.savez_compressed(here / "pytorch_fid.npz", mu=mu, sigma=sigma)
    np.savez(here / "edm.npz", mu=mu.astype(np.float32), sigma=sigma.astype(np.float32))
    np.savez(here / "openai.npz", arr_0=np.zeros((2, 4, 4, 3), np.uint8), mu=np.ones(5), sigma=np.eye(5), mu_s=mu, sigma_s=sigma)
    np.savez(here / "nan.npz", mu=mu, sigma=sigma * np.nan)
    np.savez(here / "no_mu.npz", sigma=sigma)
    np.savez(here / "negative.npz", mu=mu, sigma=-sigma)
    np.savez(here / "skew.npz", mu=mu, sigma=np.triu(sigma))
    np.savez(here / "flat.npz", mu=mu, sigma=sigma.ravel())


if __name__ == "__main__":
    main()
