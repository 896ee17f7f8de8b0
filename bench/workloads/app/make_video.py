"""Makes the video that video_processing.py works on, the same one each time."""

import cv2
import numpy

SIZE, FRAMES = (1280, 720), 120

random = numpy.random.default_rng(1)
ground = cv2.resize(random.integers(0, 256, (18, 32, 3), dtype=numpy.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
video = cv2.VideoWriter("/app/video.avi", cv2.VideoWriter_fourcc(*"XVID"), 25, SIZE)
for n in range(FRAMES):
    frame = numpy.roll(ground, 3 * n, axis=1)
    cv2.circle(frame, (5 * n % SIZE[0], SIZE[1] // 2), 120, (40, 200, 255), -1)
    video.write(frame)
video.release()
