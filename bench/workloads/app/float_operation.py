"""Works with floating-point numbers: sines, cosines and square roots."""

import math

from serve import serve

NUMBERS = 1000


def work():
    total = 0.0
    for i in range(NUMBERS):
        total += math.sin(i) + math.cos(i) + math.sqrt(i)
    return {"total": total}


serve(work)
