// One conversion by sharp, as a program of its own: node sharp.mjs JOB IN OUT
import sharp from "sharp";

const [job, input, output] = process.argv.slice(2);
const jobs = {
  webp: (picture) => picture.webp({ quality: 80 }),
  jpeg: (picture) => picture.jpeg({ quality: 80, optimiseCoding: true }),
  thumbnail: (picture) => picture.resize(800).jpeg({ quality: 80 }),
  avif: (picture) => picture.avif(),
};
sharp.concurrency(2);
await jobs[job](sharp(input)).toFile(output);
