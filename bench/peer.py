"""One peer in a process of its own: `python peer.py NAME FILES`, FILES as JSON.

Loads, runs once, says {"ready": true, "version": V, "output": [...]} and then answers each line
{"seconds": S} with {"ms": [...]}: one number per run, the clock around nothing but the run. Inputs
are ready in the peer's own form and layout beforehand, outputs are not copied where that can be
avoided. Nothing runs between the lines.
"""

import json
import os
import sys
import time

import numpy as np

THREADS = 1
# The verification of the OpenCV pipeline, as its own samples do it, at a quarter of the picture.
DETECTION_SIZE = (320, 180)


def onnxruntime_run(path, inputs):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = THREADS
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: inputs}
    return onnxruntime.__version__, lambda: session.run(None, feed)[0]


def openvino_run(path, inputs, precision):
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    model.reshape(list(inputs.shape))
    compiled = core.compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": THREADS,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": precision,
        },
    )
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(inputs, shared_memory=True))
    output = request.get_output_tensor(0)

    def run(_held=inputs):
        # The request reads this memory without holding it.
        request.infer()
        return output.data

    return openvino.__version__, run


def opencv_run(path, inputs):
    import cv2

    cv2.setNumThreads(THREADS)
    network = cv2.dnn.readNetFromONNX(path)

    def run():
        network.setInput(inputs)
        return network.forward()

    return cv2.__version__, run


def opencv_verify(files, picture):
    import cv2

    cv2.setNumThreads(THREADS)
    detector = cv2.FaceDetectorYN.create(files["yunet"], "", DETECTION_SIZE, 0.6)
    recognizer = cv2.FaceRecognizerSF.create(files["sface"], "")
    with open(files[picture], "rb") as file:
        jpeg = np.frombuffer(file.read(), np.uint8)

    def embed():
        pixels = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        small = cv2.resize(pixels, DETECTION_SIZE)
        _, faces = detector.detect(small)
        if faces is None:
            raise RuntimeError("OpenCV finds no face in the picture")
        face = faces[0]
        face[:14] *= pixels.shape[1] / DETECTION_SIZE[0]
        return recognizer.feature(recognizer.alignCrop(pixels, face[None, :]))

    reference = embed().copy()

    def run():
        return np.float32(recognizer.match(embed(), reference, cv2.FaceRecognizerSF_FR_COSINE))

    return cv2.__version__, run


def load(name, files):
    """(version, run) of the peer of this name."""
    task, library, *rest = name.split("/")
    if task.startswith("verify_"):
        return opencv_verify(files, task.removeprefix("verify_"))
    if task == "sface":
        inputs = np.load(files["crop"])
    else:
        inputs = detector_input(files["close"])
    if library == "onnxruntime":
        return onnxruntime_run(files["sface_folded" if rest[1:] == ["prelu_folded"] else task], inputs)
    if library == "openvino":
        precision = rest[0]
        if precision == "int8":
            # What NNCF leaves in floating point runs in the precision that is named after it.
            return openvino_run(files["sface_int8"], inputs, rest[1])
        return openvino_run(files[task], inputs, precision)
    if library in ("opencv", "opencv4"):
        return opencv_run(files[task], inputs)
    raise ValueError(f"no peer is called {name}")


def detector_input(path):
    """The middle of the picture as the detector wants it: f32 [1, 3, 320, 320] BGR, 0..=255."""
    import cv2

    picture = cv2.imread(path)
    rows, columns = picture.shape[:2]
    left = (columns - rows) // 2
    square = cv2.resize(picture[:, left : left + rows], (320, 320), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(square.transpose(2, 0, 1)[None]).astype(np.float32)


def main():
    # Libraries may print: their words go to the error output, the answers have a pipe of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    try:
        version, run = load(sys.argv[1], json.loads(sys.argv[2]))
        output = np.array(run(), np.float64).reshape(-1)
        for _ in range(3):
            run()
    except Exception as error:  # Any failure of a library is one line for the one who measures.
        lines = str(error).strip().splitlines() or [""]
        answer({"error": f"{type(error).__name__}: {lines[-1]}"})
        return
    answer({"ready": True, "version": version, "output": output.tolist() if output.size <= 128 else []})
    for line in sys.stdin:
        end = time.perf_counter() + json.loads(line)["seconds"]
        samples = []
        # The first run after the others' turn pays for cold caches: it is not counted.
        run()
        while True:
            start = time.perf_counter()
            run()
            stop = time.perf_counter()
            samples.append((stop - start) * 1e3)
            if stop >= end:
                break
        answer({"ms": samples})


if __name__ == "__main__":
    main()
