"""Writes pairs.inc: metrics of pairs and of sets, by programs of others, on toy data that toy.cpp draws in the same way.

    pip install numpy scipy scikit-image pytorch-msssim torch pot
"""
from pathlib import Path

import numpy as np
import ot
import pytorch_msssim
import torch
from scipy.spatial.distance import cdist, pdist
from scipy.stats import wasserstein_distance
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from make_fixtures import toy


def images(count, seed, side):
    """uint8 [count,3,side,side]."""
    return np.rint((toy(count, seed, 3 * side * side) + 1) * 127.5).astype(np.uint8).reshape(count, 3, side, side)


def pairs(count, side):
    x = images(count, 2, side).astype(int)
    return x.astype(np.uint8), ((3 * x + images(count, 3, side)) // 4).astype(np.uint8)


def kernel_distance(x, y, bandwidth):
    k = lambda a, b: np.exp(-cdist(a, b, "sqeuclidean") / (2 * bandwidth**2))  # noqa: E731
    n, m = len(x), len(y)
    return (k(x, x).sum() - n) / (n * (n - 1)) + (k(y, y).sum() - m) / (m * (m - 1)) - 2 * k(x, y).mean()


def jackknife(value, x, groups):
    without = [value(np.delete(x, np.s_[g::groups], 0)) for g in range(groups)]
    return float(np.sqrt((groups - 1) / groups * np.sum((np.array(without) - np.mean(without)) ** 2)))


def main():
    x, y = pairs(4, 48)
    out = {"psnr_value": np.mean([peak_signal_noise_ratio(a, b, data_range=255) for a, b in zip(x, y)])}
    options = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=0)
    out["ssim_by_skimage"] = np.mean([structural_similarity(a, b, **options) for a, b in zip(x.astype(float), y.astype(float))])
    a, b = torch.tensor(x).double(), torch.tensor(y).double()
    out["ssim_by_pytorch_msssim"] = pytorch_msssim.ssim(a, b, data_range=255).item()
    weights = np.array([0.0448, 0.2856, 0.3001])
    out["ms_ssim_of_3"] = pytorch_msssim.ms_ssim(a, b, data_range=255, win_size=3, weights=list(weights / weights.sum())).item()
    a, b = (torch.tensor(v).double() for v in pairs(2, 176))
    out["ms_ssim_of_5"] = pytorch_msssim.ms_ssim(a, b, data_range=255).item()

    x, y = toy(300, 2), toy(400, 3)
    median = np.median(pdist(np.concatenate([x, y])))
    out["median"] = median
    out["kernel"], out["kernel_error"] = kernel_distance(x, y, median), jackknife(lambda v: kernel_distance(v, y, median), x, 20)
    out["kernel_of_half"] = kernel_distance(x, y, 0.5)
    normal = [torch.distributions.MultivariateNormal(torch.tensor(v.mean(0)), torch.tensor(np.cov(v, rowvar=False))) for v in (x, y)]
    out["divergence"] = torch.distributions.kl_divergence(normal[1], normal[0]).item()
    line_x, line_y = toy(300, 2, 1), toy(400, 3, 1)
    out["wasserstein_1"] = wasserstein_distance(line_x[:, 0], line_y[:, 0])
    out["wasserstein_2"] = ot.wasserstein_1d(line_x, line_y, p=2)[0] ** 0.5
    spread = lambda v: pdist(v, "sqeuclidean").mean()  # noqa: E731
    out["diversity"], out["diversity_error"] = spread(x), jackknife(spread, x, 20)
    distances = cdist(x, y)
    out["nearest"], out["closest"] = distances.min(1).mean(), distances.min()
    out["different"] = len(set(distances.argmin(1)))
    lines = ["// Written by make_pairs.py.", "// clang-format off"]
    lines += [f"constexpr double {name} = {float(value)!r};" for name, value in out.items()]
    lines.append(f"constexpr int64_t neighbours[] = {{{', '.join(map(str, distances.argmin(1)[:10] + 1))}}};")
    Path(__file__).with_name("pairs.inc").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
