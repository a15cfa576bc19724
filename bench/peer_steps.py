#!/usr/bin/env python3
"""Serves single steps of the peer (peer_adm.py), so that another program can time its own steps between them.

    peer_steps.py [--config cifar10|mini] [--batch 8] [--device cpu|cuda] [--threads 2]

First prints one JSON line about itself. Then for each line `train|sample fp32|bf16 nchw|nhwc` on standard input it runs
one step, as `peer_adm.py time` does, and prints its seconds; a model is made when its layout is first asked for.
An empty line or the end of the input ends it.
"""
import argparse
import json
import sys
import time

import torch

import peer_adm


class Layout:
    """A model of one memory layout with its optimizer; fp32 and bf16 (autocast) share it."""

    def __init__(self, a, layout):
        memory = torch.channels_last if layout == "nhwc" else torch.contiguous_format
        torch.manual_seed(0)
        self.device = a.device
        self.net = peer_adm.ADM(**peer_adm.CONFIGS[a.config]).to(a.device, memory_format=memory)
        x, self.t, self.e = peer_adm.sample_batch(a.batch, peer_adm.CONFIGS[a.config]["image"], a.device, 0)
        self.x = x.contiguous(memory_format=memory)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=1e-4, weight_decay=0.0, fused=True)

    def train(self, cast):
        with cast:
            loss = peer_adm.loss_of(self.net, self.x, self.t, self.e)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def sample(self, cast):
        with torch.no_grad(), cast:
            self.net(self.x, self.t)

    def seconds(self, what, dtype):
        self.net.train(what == "train")
        cast = torch.autocast(self.device, torch.bfloat16, enabled=dtype == "bf16")
        step = self.train if what == "train" else self.sample
        self.wait()
        start = time.perf_counter()
        step(cast)
        self.wait()
        return time.perf_counter() - start

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--config", default="cifar10", choices=peer_adm.CONFIGS)
    p.add_argument("--batch", type=int, default=8)
    p.add_argument("--device", default="cpu")
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    layouts = {}
    print(json.dumps(dict(torch=torch.__version__, python=sys.version.split()[0], threads=torch.get_num_threads())), flush=True)
    for line in sys.stdin:
        if not line.strip():
            break
        what, dtype, layout = line.split()
        if layout not in layouts:
            layouts[layout] = Layout(a, layout)
        print(f"{layouts[layout].seconds(what, dtype):.9f}", flush=True)


if __name__ == "__main__":
    main()
