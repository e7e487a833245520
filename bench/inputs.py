"""What is measured on: two pictures, a face crop, and the int8 file made by NNCF.

Runs as a program of its own (`python inputs.py <json>`), so that the one who measures never loads
a peer's library. Everything goes into the work folder and is used again if it stands there.
"""

import hashlib
import json
import sys
from pathlib import Path

import cv2
import numpy as np

import weights

WIDTH, HEIGHT = 1280, 720
GREY = 128
JPEG_QUALITY = 85
SCORE_THRESHOLD = 0.6


def detector(model, size):
    return cv2.FaceDetectorYN.create(str(model), "", size, SCORE_THRESHOLD)


def main_face(picture, model):
    """The largest face of a BGR picture as a row of FaceDetectorYN, or None."""
    rows, columns = picture.shape[:2]
    # Large faces escape the detector; it is made for those of 10 to 300 pixels.
    scale = min(1.0, 640 / max(rows, columns))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, faces = detector(model, (small.shape[1], small.shape[0])).detect(small)
    if faces is None:
        return None
    face = max(faces, key=lambda f: f[2] * f[3]).copy()
    face[:14] /= scale
    return face


def whole(picture):
    """The whole picture between grey bars, as `countenance bench --image` fits it."""
    rows, columns = picture.shape[:2]
    scale = min(WIDTH / columns, HEIGHT / rows)
    size = (round(columns * scale), round(rows * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    scene = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    left, top = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    scene[top : top + size[1], left : left + size[0]] = small
    return scene


def close(picture, face):
    """The widest 16:9 part of the picture about the face."""
    rows, columns = picture.shape[:2]
    width = min(columns, rows * WIDTH // HEIGHT)
    height = width * HEIGHT // WIDTH
    left = int(np.clip(face[0] + face[2] / 2 - width / 2, 0, columns - width))
    top = int(np.clip(face[1] + face[3] / 2 - height / 2, 0, rows - height))
    part = picture[top : top + height, left : left + width]
    return cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def crop_of(picture, face, aligner):
    return aligner.alignCrop(picture, face[None, :])


def tensor(crop):
    """A BGR crop as the embedder wants it: f32 [1, 3, 112, 112] RGB, 0..=255."""
    return np.ascontiguousarray(crop[:, :, ::-1].transpose(2, 0, 1)[None]).astype(np.float32)


def calibration_pictures(folder, count):
    """`count` picture files spread evenly over the sorted folder."""
    files = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not files:
        raise ValueError("the folder of --images has no .jpg or .png file")
    return files[:: max(1, len(files) // count)][:count]


def calibration_crops(files, model, aligner):
    """The crops of the pictures, and how many pictures had no face."""
    crops, faceless = [], 0
    for path in files:
        picture = cv2.imread(str(path))
        face = None if picture is None else main_face(picture, model)
        if face is None:
            faceless += 1
        else:
            crops.append(tensor(crop_of(picture, face, aligner)))
    return crops, faceless


def quantize(source, target, crops):
    """OpenVINO's int8 by NNCF post-training quantization, its strongest ordinary setting."""
    import nncf
    import openvino

    model = openvino.Core().read_model(str(source))
    quantized = nncf.quantize(
        model,
        nncf.Dataset(crops),
        # Asymmetric activations: the preset advised for activations other than ReLU.
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(crops),
    )
    openvino.save_model(quantized, str(target), compress_to_fp16=False)


def prepare(order):
    folder = Path(order["folder"])
    paths = {
        "yunet": folder / "yunet-f32.onnx",
        "sface": folder / "sface-f32.onnx",
        "sface_folded": folder / "sface-f32-prelu-folded.onnx",
        "whole": folder / "whole.jpg",
        "close": folder / "close.jpg",
        "crop": folder / "crop.npy",
    }
    facts = {}
    weights.fold(order["yunet"], paths["yunet"], any_size=True)
    weights.fold(order["sface"], paths["sface"])
    replaced, left = weights.without_prelu(paths["sface"], paths["sface_folded"])
    facts["prelu_folded"] = f"{replaced} of {replaced + left}"

    aligner = cv2.FaceRecognizerSF.create(str(paths["sface"]), "")
    picture = cv2.imread(order["picture"])
    face = None if picture is None else main_face(picture, paths["yunet"])
    if face is None:
        raise ValueError("the picture of --image does not decode or shows no face")
    for name, scene in (("whole", whole(picture)), ("close", close(picture, face))):
        cv2.imwrite(str(paths[name]), scene, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        found = main_face(scene, paths["yunet"])
        if found is None:
            raise ValueError(f"the face of --image is lost at {WIDTH}x{HEIGHT} ({name})")
        facts[f"{name}_face_width_px"] = round(float(found[2]))
    np.save(paths["crop"], tensor(crop_of(picture, face, aligner)))

    if order["images"]:
        files = calibration_pictures(order["images"], order["crops"])
        # The same weights, pictures and libraries give the same file: named after all three.
        requirements = Path(__file__).with_name("requirements.txt").read_text()
        made_of = json.dumps([order["sface"], list(map(str, files)), requirements])
        key = hashlib.sha256(made_of.encode()).hexdigest()[:16]
        target = folder / f"sface-int8-nncf-{key}.xml"
        note = target.with_suffix(".txt")
        if not note.exists():
            crops, faceless = calibration_crops(files, paths["yunet"], aligner)
            if not crops:
                raise ValueError("no picture of --images shows a face")
            quantize(paths["sface"], target, crops)
            note.write_text(f"{len(crops)} crops, {faceless} pictures without a face")
        facts["nncf"] = note.read_text()
        paths["sface_int8"] = target
    return {"paths": {name: str(path) for name, path in paths.items()}, "facts": facts}


if __name__ == "__main__":
    answer = Path(sys.argv[2])
    try:
        result = prepare(json.loads(sys.argv[1]))
    except ValueError as error:
        result = {"error": str(error)}
    answer.write_text(json.dumps(result))
