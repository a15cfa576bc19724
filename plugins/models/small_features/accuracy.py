#!/usr/bin/env python3
"""Accuracy of small_features on CIFAR-10's test images, computed by PyTorch apart from Basin.

    accuracy.py WEIGHTS.safetensors TEST_BATCH.bin       needs torch, numpy, safetensors
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file


def logits(w, x):
    for name, stride in (("1", 1), ("2", 2), ("3", 2)):
        x = F.conv2d(x, w[f"conv{name}.weight"], w[f"conv{name}.bias"], stride=stride, padding=1)
        x = F.silu(F.group_norm(x, 8, w[f"norm{name}.weight"], w[f"norm{name}.bias"], 1e-5))
    features = F.linear(x.mean((2, 3)), w["features.weight"], w["features.bias"])
    return F.linear(F.silu(features), w["logits.weight"], w["logits.bias"])


def main():
    weights = load_file(sys.argv[1])
    rows = np.fromfile(sys.argv[2], np.uint8).reshape(-1, 3073)
    x = torch.tensor(rows[:, 1:].reshape(-1, 3, 32, 32)).float() / 127.5 - 1
    labels = torch.tensor(rows[:, 0]).long()
    halved = F.interpolate(F.avg_pool2d(x, 2), (32, 32), mode="bilinear", antialias=True, align_corners=False)
    with torch.no_grad():
        for name, images in (("32x32", x), ("16x16", halved)):
            right = sum((logits(weights, images[i:i + 500]).argmax(1) == labels[i:i + 500]).sum().item() for i in range(0, len(x), 500))
            print(f"{name}: {100 * right / len(x):.1f} % of {len(x)} images")


if __name__ == "__main__":
    main()
