//! What the networks must say of the drawn face.
//!
//! The values were computed by OpenCV (`dnn` of 5.0.0 for the detector, `FaceRecognizerSF` of 4.11.0 for the
//! embedder) from the same pinned ONNX files and the same pictures, so they check this program from outside.

/// Side of the detector's picture, and the height of the head in it.
pub(super) const DETECTOR_PICTURE: (usize, f32) = (160, 120.0);

/// The surest cell of the detector: row-major index among the cells of 8 pixels.
pub(super) const DETECTOR_CELL: usize = 230;

/// Each output of the detector at that cell: `cls`, `obj`, box, landmarks.
pub(super) const DETECTOR_OUTPUTS: [(&str, &[f32]); 4] = [
    ("cls_8", &[0.85481]),
    ("obj_8", &[0.99520]),
    ("bbox_8", &[-0.01990, -0.38936, 2.21656, 2.46279]),
    (
        "kps_8",
        &[
            -2.11114, -1.71818, 2.19480, -1.73178, 0.19328, 0.58641, -1.71269, 2.29881, 2.05811,
            2.42771,
        ],
    ),
];

/// Side of the embedder's picture, and the height of the head in it: so the landmarks lie about where alignment puts
/// them.
pub(super) const EMBEDDER_PICTURE: (usize, f32) = (112, 130.0);

/// The embedder's output, scaled to length 1.
pub(super) const EMBEDDING: [f32; 128] = [
    -0.0725, -0.0732, 0.0660, 0.0820, 0.2184, 0.0993, 0.0516, -0.0542, -0.1274, 0.0540, 0.0621,
    0.2255, 0.0306, -0.0049, 0.0541, 0.0595, 0.0206, -0.0850, 0.0343, 0.0629, -0.0514, 0.0107,
    0.0381, -0.0650, -0.0691, 0.0649, -0.2004, -0.1102, -0.1947, -0.0369, 0.0396, 0.0140, 0.0185,
    -0.0683, 0.1140, -0.0691, 0.1587, 0.0523, 0.0876, 0.0758, 0.0408, -0.0173, -0.0546, -0.1401,
    -0.0092, -0.0909, 0.0404, -0.0112, 0.0795, -0.1248, 0.1217, -0.0314, -0.0010, 0.0989, 0.0206,
    0.0671, -0.0131, -0.1349, -0.1090, 0.0369, -0.0054, 0.1185, -0.0972, 0.0129, 0.1496, -0.1773,
    -0.0692, -0.1086, -0.0122, -0.1582, 0.0356, 0.1370, 0.0208, -0.0089, -0.0094, -0.0365, 0.0337,
    0.0457, -0.1189, -0.1572, 0.1036, -0.1360, 0.0261, -0.1276, -0.1494, 0.0110, 0.0064, -0.0253,
    -0.0934, -0.0680, 0.0641, 0.1425, 0.0639, 0.0549, 0.1739, -0.0021, -0.0637, -0.0481, -0.0617,
    -0.0344, 0.0391, 0.0967, -0.0687, 0.0547, -0.1374, -0.0663, 0.0421, 0.0866, -0.0173, -0.0854,
    0.1134, -0.0492, -0.0494, -0.0647, -0.0460, -0.0137, -0.1007, -0.2208, -0.1148, 0.0006,
    -0.0696, -0.0476, 0.0279, 0.0887, 0.0086, 0.0722, -0.0835, -0.0735,
];

/// Side of the face mesh's picture, and the height of the head in it: two thirds, as it was trained.
pub(super) const MESH_PICTURE: (usize, f32) = (192, 128.0);

/// How sure the face mesh is of a face, by TensorFlow.js 4 on its plain CPU backend, from the same pinned files.
pub(super) const MESH_PRESENCE: f32 = 1.0;

/// Some of its points by number, from there too: x, y and z in pixels.
pub(super) const MESH_POINTS: [(usize, [f32; 3]); 12] = [
    (1, [94.605, 113.856, -17.605]),
    (4, [94.541, 109.867, -18.710]),
    (10, [94.274, 53.975, -2.743]),
    (33, [67.922, 91.322, 6.982]),
    (61, [80.625, 130.567, 1.535]),
    (133, [84.710, 91.694, 3.247]),
    (152, [96.055, 162.206, 2.097]),
    (234, [56.865, 101.006, 36.694]),
    (263, [123.427, 89.843, 4.616]),
    (291, [110.912, 130.713, -0.321]),
    (362, [106.252, 91.188, 2.186]),
    (454, [136.470, 99.459, 32.774]),
];
