"""From the pinned weights to plain f32 ONNX files that every peer can read.

The pinned files keep their weights as int8 with one scale per block of 64
(DequantizeLinear with `block_size`, opset 21). No peer should pay for unpacking them, and not
every peer can: `fold` computes them once, so all run exactly the numbers that we run.
"""

import onnx
import numpy as np
from onnx import helper, numpy_helper


def _attributes(node):
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _read(node, graph):
    """Does anything but a Dropout read what this node gives?"""
    readers = [n for n in graph.node if node.output[0] in n.input]
    return any(n.op_type != "Dropout" for n in readers)


def _dequantized(node, constants):
    values, scale, zero = (constants[name].astype(np.float64) for name in node.input)
    attributes = _attributes(node)
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
    if block:
        # The last block may be cut short by the end of the axis.
        kept = [slice(None)] * values.ndim
        kept[axis] = slice(0, values.shape[axis])
        scale = np.repeat(scale, block, axis=axis)[tuple(kept)]
        zero = np.repeat(zero, block, axis=axis)[tuple(kept)]
    elif scale.ndim:
        shape = [1] * values.ndim
        shape[axis] = -1
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    return ((values - zero) * scale).astype(np.float32)


def fold(source, target, any_size=False):
    """Write the ONNX file `source` with plain f32 weights to `target`.

    With `any_size` the height and width of the input become free (the detector's file says 640
    by 640, its graph works for any multiple of 32).
    """
    model = onnx.load(str(source))
    graph = model.graph
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant" and not _read(node, graph):
            # Only the training flag of the Dropout.
            continue
        if node.op_type == "DequantizeLinear" and all(name in constants for name in node.input):
            constants[node.output[0]] = _dequantized(node, constants)
        elif node.op_type == "Reshape" and all(name in constants for name in node.input):
            values, shape = (constants[name] for name in node.input)
            constants[node.output[0]] = values.reshape(shape)
        elif node.op_type == "Dropout":
            # The identity outside training; some readers want a training flag with it.
            nodes.append(helper.make_node("Identity", [node.input[0]], [node.output[0]]))
        else:
            nodes.append(node)
    left = [node.op_type for node in nodes if node.op_type == "DequantizeLinear"]
    if left:
        raise ValueError(f"{len(left)} DequantizeLinear nodes have weights that are not constants")
    _rebuild(graph, nodes, constants)
    if any_size:
        shape = graph.input[0].type.tensor_type.shape.dim
        shape[2].dim_param, shape[3].dim_param = "height", "width"
        for output in graph.output:
            output.type.tensor_type.shape.dim[1].dim_param = f"cells_{output.name}"
    del graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def without_prelu(source, target):
    """Write the plain file `source` with PReLU in terms that onnxruntime runs in its blocked layout.

    With slope a below 1, PReLU(x) = relu(z) + a/(1-a) z where z = (1-a) x. The factor (1-a) goes
    into the batch normalization before it, and a/(1-a) is a 1x1 depthwise convolution, which
    onnxruntime fuses with the sum. Returns how many PReLU were replaced and how many were left.
    """
    model = onnx.load(str(source))
    graph = model.graph
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    producers = {name: node for node in graph.node for name in node.output}
    readers = {}
    for node in graph.node:
        for name in node.input:
            readers[name] = readers.get(name, 0) + 1
    nodes, replaced, left = [], 0, 0
    for node in graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        before = producers.get(node.input[0])
        slope = constants[node.input[1]].reshape(-1).astype(np.float64)
        alone = readers[node.input[0]] == 1
        if before is None or before.op_type != "BatchNormalization" or not alone or slope.max() >= 1.0:
            nodes.append(node)
            left += 1
            continue
        channels = constants[before.input[1]].size
        slope = np.broadcast_to(slope, channels)
        # Gamma and beta by (1-a): the whole normalization by (1-a).
        for position in (1, 2):
            name = f"{before.input[position]}_scaled"
            constants[name] = (constants[before.input[position]] * (1 - slope)).astype(np.float32)
            before.input[position] = name
        z, stem = node.input[0], node.output[0]
        constants[f"{stem}_ratio"] = (slope / (1 - slope)).astype(np.float32).reshape(channels, 1, 1, 1)
        nodes += [
            helper.make_node("Relu", [z], [f"{stem}_positive"]),
            helper.make_node(
                "Conv", [z, f"{stem}_ratio"], [f"{stem}_linear"], group=channels, kernel_shape=[1, 1]
            ),
            helper.make_node("Add", [f"{stem}_positive", f"{stem}_linear"], [stem]),
        ]
        replaced += 1
    _rebuild(graph, nodes, constants)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))
    return replaced, left


def _rebuild(graph, nodes, constants):
    """Put `nodes` in place, with exactly the constants and inputs that they use."""
    used = {name for node in nodes for name in node.input}
    inputs = [i for i in graph.input if i.name in used and i.name not in constants]
    initializers = [
        numpy_helper.from_array(values, name) for name, values in constants.items() if name in used
    ]
    for field, values in ((graph.node, nodes), (graph.input, inputs), (graph.initializer, initializers)):
        kept = [value for value in values]
        del field[:]
        field.extend(kept)
