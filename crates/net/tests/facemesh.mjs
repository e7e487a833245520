// The known answers of facemesh.rs, from TensorFlow.js itself (its plain CPU backend).
//
//   npm install @tensorflow/tfjs-core@4 @tensorflow/tfjs-converter@4 @tensorflow/tfjs-backend-cpu@4
//   node reference.mjs facemesh.json facemesh.bin crop.rgb
//
// `crop.rgb` are 192 * 192 * 3 bytes; `COUNTENANCE_CROP=crop.rgb cargo test -p countenance-net --test facemesh -- --ignored`
// writes them.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { readFileSync } from 'node:fs';

const [topology, weights, crop] = process.argv.slice(2);
const json = JSON.parse(readFileSync(topology, 'utf8'));
const bin = readFileSync(weights);
const model = await loadGraphModel({
  load: async () => ({
    modelTopology: json.modelTopology,
    format: json.format,
    signature: json.signature,
    weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
    weightData: bin.buffer.slice(bin.byteOffset, bin.byteOffset + bin.byteLength),
  }),
});
const bytes = readFileSync(crop);
const input = tf.tensor(Float32Array.from(bytes, (byte) => byte / 255), [1, 192, 192, 3]);
const [mesh, flag] = model.execute(input, ['Identity_2:0', 'Identity_1:0']);
const values = Array.from(mesh.dataSync());
console.log('face', flag.dataSync()[0].toFixed(6));
for (const point of [0, 1, 4, 10, 13, 14, 33, 61, 133, 152, 159, 145, 234, 263, 291, 362, 386, 374, 454, 467]) {
  const [x, y, z] = values.slice(3 * point, 3 * point + 3).map((value) => value.toFixed(3));
  console.log(`(${point}, [${x}, ${y}, ${z}]),`);
}
console.log('sum', values.reduce((sum, value) => sum + value, 0).toFixed(2));
