// @exadel/compreface-js-sdk 1.0.0 (npm): every call it has. Its collection objects keep one address and append to it,
// so that each call takes a fresh one; `add` is called without options, which it would write behind a second `?`.
import assert from 'node:assert';
import fs from 'node:fs';

console.log = () => {};
const { CompreFace } = await import('@exadel/compreface-js-sdk');
const given = JSON.parse(process.env.GIVEN);
const [, host, port] = given.address.match(/^(.*):(\d+)$/);
process.chdir(given.photos);
const [one, same, other] = ['./obama.jpg', './obama2.jpg', './biden.jpg'];
const text = (path) => fs.readFileSync(path).toString('base64');
const client = new CompreFace(host, Number(port), {});
const recognition = client.initFaceRecognitionService(given.recognition);
const detection = client.initFaceDetectionService(given.detection);
const verification = client.initFaceVerificationService(given.verification);
const subjects = () => recognition.getSubjects();
const faces = () => recognition.getFaceCollection();
let calls = 0;
const told = async (answer) => {
  calls += 1;
  const value = await answer;
  return value.data ?? value;
};

assert.deepEqual(await told(subjects().add('Ana')), { subject: 'Ana' });
await assert.rejects(told(subjects().add('ANA')), (error) => error.response.data.code === 43);
assert.deepEqual(await told(subjects().rename('Ana', 'Eva')), { updated: true });
assert.deepEqual(await told(subjects().list()), { subjects: ['Eva'] });
const first = (await told(faces().add(one, 'Eva'))).image_id;
const second = (await told(faces().add(text(same), 'Eva'))).image_id;
await told(faces().add(other, 'Bob'));
assert.equal((await told(faces().list())).faces.length, 3);
const options = { limit: 1, det_prob_threshold: 0.8, prediction_count: 2, face_plugins: 'landmarks,pose', status: true };
for (const picture of [same, text(same)]) {
  const answer = await told(recognition.recognize(picture, options));
  assert.equal(answer.result[0].subjects[0].subject, 'Eva');
  assert.ok(answer.result[0].subjects[0].similarity >= 0.5 && answer.plugins_versions.calculator);
}
assert.ok((await told(faces().verify(same, first, { limit: 1 }))).result[0].similarity >= 0.5);
assert.ok((await told(detection.detect(one, { limit: 1 }))).result[0].box.x_max > 0);
assert.ok((await told(detection.detect(text(one), {}))).result.length === 1);
const match = async (a, b) => (await told(verification.verify(a, b, { limit: 1 }))).result[0].face_matches[0].similarity;
assert.ok((await match(one, same)) >= 0.5 && (await match(one, other)) < 0.5);
assert.ok((await match(text(one), text(same))) >= 0.5);
assert.equal((await told(faces().delete(first))).image_id, first);
assert.equal((await told(faces().delete_multiple_images([second])))[0].image_id, second);
assert.deepEqual(await told(faces().delete_all_subject('Bob')), { deleted: 1 });
await told(faces().add(one, 'Zoe'));
assert.deepEqual(await told(faces().delete_all()), { deleted: 1 });
await told(subjects().add('x'));
assert.deepEqual(await told(subjects().delete('x')), { subject: 'x' });
await told(subjects().deleteAll());
process.stdout.write(`${calls} calls\n`);
