"""Times of what the kernels replace, in PyTorch: x A, three updates added to q, k, v, and a copy.

python peers.py
"""

import torch

SETS, ROUNDS = 3, 20


def seconds(launch):
    """The device's time of one launch; the sets of buffers take turns, so that none is found in the L2 cache."""
    for s in range(SETS):
        launch(s)
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for r in range(ROUNDS):
        launch(r % SETS)
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3 / ROUNDS


def main():
    print(torch.cuda.get_device_name(), torch.__version__)
    print("| shape | rank | type | pass | microseconds | GB/s | of the copy's |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, tokens, width in (("RoBERTa-large", 65536, 1024), ("Llama-7B", 16384, 4096), ("RoBERTa-base, small", 512, 768)):
        for dtype in (torch.bfloat16, torch.float32):
            for rank in (4, 8, 16, 64):
                x, y, *qkv = (
                    [torch.randn(tokens, width, device="cuda", dtype=dtype) for _ in range(SETS)] for _ in range(5)
                )
                a, u = (torch.randn(width, rank, device="cuda", dtype=dtype) for _ in range(2))
                c = torch.randn(3, rank, device="cuda", dtype=dtype)
                t = x[0] @ a
                size = x[0].numel() * x[0].element_size()
                copy = 2 * size / seconds(lambda s: y[s].copy_(x[s]))

                def up(s):
                    for m in range(3):
                        qkv[m][s].addmm_(t * c[m], u.T)

                for what, moved, launch in (("down", size, lambda s: x[s] @ a), ("up, 3 outputs", 6 * size, up)):
                    time = seconds(launch)
                    rate = moved / time
                    print(f"| {name}, {tokens} | {rank} | {dtype} | {what} | {time * 1e6:.1f} | {rate / 1e9:.0f} | {rate / copy:.0%} |")


if __name__ == "__main__":
    main()
