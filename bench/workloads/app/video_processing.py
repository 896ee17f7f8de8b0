"""Greys each frame of a video with OpenCV, and writes another video."""

import os

import cv2

from serve import serve

SOURCE, RESULT = "/app/video.avi", "/tmp/grey.avi"

cv2.setNumThreads(1)


def work():
    source = cv2.VideoCapture(SOURCE)
    size = (int(source.get(cv2.CAP_PROP_FRAME_WIDTH)), int(source.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    result = cv2.VideoWriter(RESULT, cv2.VideoWriter_fourcc(*"XVID"), source.get(cv2.CAP_PROP_FPS), size)
    frames = 0
    while True:
        more, frame = source.read()
        if not more:
            break
        grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        result.write(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))
        frames += 1
    source.release()
    result.release()
    size = os.stat(RESULT).st_size
    os.remove(RESULT)
    return {"frames": frames, "bytes": size}


serve(work)
