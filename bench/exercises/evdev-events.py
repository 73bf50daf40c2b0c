"""Reads input events through a pipe, so that evdev._input runs without a device; prints what came back."""
import os
import struct

from evdev import _input

EVENT = struct.Struct("llHHi")


def pipe_with(*events):
    read, write = os.pipe()
    os.write(write, b"".join(EVENT.pack(*e) for e in events))
    os.close(write)
    return read


print(_input.device_read(pipe_with((1, 2, 3, 4, -5))))
print(_input.device_read_many(pipe_with()))
print(_input.device_read_many(pipe_with(*((n, n + 1, n % 7, n * 3, -n) for n in range(70)))))
for arguments in [(-1,), ("no number",)]:
    for function in (_input.device_read, _input.device_read_many):
        try:
            print(function(*arguments))
        except Exception as error:
            print(type(error).__name__, error)
