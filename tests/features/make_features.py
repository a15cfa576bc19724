#!/usr/bin/env python3
"""Writes features.inc: the features and logits of small_features for images that are a formula, computed by PyTorch.

    make_features.py        needs torch, safetensors
"""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

HERE = pathlib.Path(__file__).parent
SIZES = ((32, 32), (16, 16), (24, 48))  # as it is, enlarged, and both reduced and enlarged


def image(height, width):  # [1,3,height,width], the same formula as in features.cpp
    c = torch.arange(3, dtype=torch.float64).reshape(3, 1, 1)
    y = torch.arange(height, dtype=torch.float64).reshape(1, height, 1) / height
    x = torch.arange(width, dtype=torch.float64).reshape(1, 1, width) / width
    return torch.sin(9 * (c + 1) * (y - x * x) + c).float()[None]


def features(w, x):
    if x.shape[2:] != (32, 32):
        x = F.interpolate(x, (32, 32), mode="bilinear", antialias=True, align_corners=False)
    for name, stride in (("1", 1), ("2", 2), ("3", 2)):
        x = F.conv2d(x, w[f"conv{name}.weight"], w[f"conv{name}.bias"], stride=stride, padding=1)
        x = F.silu(F.group_norm(x, 8, w[f"norm{name}.weight"], w[f"norm{name}.bias"], 1e-5))
    f = F.linear(x.mean((2, 3)), w["features.weight"], w["features.bias"])
    return f, F.linear(F.silu(f), w["logits.weight"], w["logits.bias"])


def main():
    weights = load_file(HERE / "../../plugins/models/small_features/small_features.safetensors")
    weights = {name: value.double() for name, value in weights.items()}
    lines = ["// Written by make_features.py: height, width, 32 features, 10 logits."]
    for height, width in SIZES:
        f, logits = features(weights, image(height, width).double())
        numbers = ", ".join(f"{v:.9g}" for v in torch.cat((f, logits), 1).flatten().tolist())
        lines.append(f"{{{height}, {width}, {{{numbers}}}}},")
    (HERE / "features.inc").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
