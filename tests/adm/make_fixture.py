#!/usr/bin/env python3
"""Makes mini.safetensors: what PyTorch computes for the mini ADM U-Net of bench/peer_adm.py, small enough to keep.

Weights and inputs come from an integer hash that adm.cpp computes too, so they are not stored. Of each gradient,
and of each parameter's move in two AdamW steps, the fixture holds its norm and 16 projections onto vectors of signs: the
mean square of the projections of a difference is the square of its norm, so two tensors are compared norm-wise without
storing them.

  make_fixture.py OUT        needs torch 2.11.0 and safetensors; run from the repository's root
"""
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
import peer_adm

PROJECTIONS = 16


def mixed(n, salt):
    """n 32-bit integers: the finalizer of MurmurHash3 over salt + index."""
    x = (np.arange(n, dtype=np.uint32) * np.uint32(2654435761)) ^ np.uint32(salt)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def uniform(n, salt):
    """In [-1, 1), exact in float32."""
    return (mixed(n, salt) >> np.uint32(8)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)


def salt_of(name, k=0):
    return zlib.crc32(f"{name}#{k}".encode())


def weight(name, shape):
    u = uniform(int(np.prod(shape)), salt_of(name)).reshape(shape)
    if len(shape) > 1:
        return u / np.float32(np.sqrt(np.prod(shape[1:])))
    is_gain = name.endswith("weight")
    return u * np.float32(0.1) + np.float32(1 if is_gain else 0)


def projections(name, tensor):
    flat = tensor.detach().double().numpy().reshape(-1)
    rows = []
    for k in range(PROJECTIONS):
        sign = np.where(mixed(flat.size, salt_of(name, k + 1)) & np.uint32(1 << 31), 1.0, -1.0)
        rows.append(float((flat * sign).sum()))
    return rows


def main():
    torch.manual_seed(0)
    net = peer_adm.ADM(**peer_adm.CONFIGS["mini"])
    with torch.no_grad():
        for name, p in net.named_parameters():
            p.copy_(torch.from_numpy(weight(name, tuple(p.shape)).astype(np.float32)))
    shape = (2, 3, 32, 32)
    x = torch.from_numpy(uniform(int(np.prod(shape)), salt_of("x")).reshape(shape)) * 1.7
    e = torch.from_numpy(uniform(int(np.prod(shape)), salt_of("target")).reshape(shape)) * 1.7
    t = torch.tensor([17, 803])
    opt = torch.optim.AdamW(net.parameters(), lr=1e-4, weight_decay=0.01)
    y = net(x, t)
    loss = ((y - e) ** 2).mean()
    loss.backward()
    names = [name for name, _ in net.named_parameters()]
    gradients = [p.grad.clone() for p in net.parameters()]
    before = [p.detach().clone() for p in net.parameters()]
    # The optimizer's steps start from given gradients: at its first step Adam looks at little more than their sign, and
    # the sign of a gradient near zero is a matter of rounding.
    for step in range(2):
        for name, p in net.named_parameters():
            g = uniform(p.numel(), salt_of(f"{name}.gradient.{step}")) * np.float32(0.01)
            p.grad = torch.from_numpy(g.reshape(tuple(p.shape)))
        opt.step()
    table = lambda tensors: torch.tensor([projections(n, v) for n, v in zip(names, tensors)], dtype=torch.float64)
    moved = [p.detach() - b for p, b in zip(net.parameters(), before)]
    save_file(
        dict(
            output=y.detach().contiguous(),
            loss=loss.detach()[None],
            gradient_projections=table(gradients),
            gradient_norms=torch.tensor([g.double().norm().item() for g in gradients], dtype=torch.float64),
            step_projections=table(moved),
            step_norms=torch.tensor([m.double().norm().item() for m in moved], dtype=torch.float64),
        ),
        sys.argv[1],
        metadata={"names": "\n".join(names), "torch": torch.__version__},
    )
    print(f"{len(names)} parameters, loss {loss.item():.6f}")


main()
