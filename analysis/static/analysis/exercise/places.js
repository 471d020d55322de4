// Marks as [[start, end], ...] in seconds, in order, none overlapping. Nothing here changes what it is given.
export const LEAST = 0.03; // s, of a syllable
const TOUCH = 0.0015; // s

const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
const copied = (marks) => marks.map((each) => [...each]);
const touch = (marks, index) => marks[index + 1] && marks[index + 1][0] - marks[index][1] < TOUCH;

// How far the start may go down, and the end up. A neighbour that touches gives way, if it is to move along.
const lowest = (marks, index, along) => {
  if (!index) return 0;
  return along && touch(marks, index - 1) ? marks[index - 1][0] + LEAST : marks[index - 1][1];
};
const highest = (marks, index, along, total) => {
  if (index === marks.length - 1) return total;
  return along && touch(marks, index) ? marks[index + 1][1] - LEAST : marks[index + 1][0];
};

const put = (marks, index, [start, end], along) => {
  const moved = copied(marks);
  if (along && index && touch(marks, index - 1)) moved[index - 1][1] = start;
  if (along && touch(marks, index)) moved[index + 1][0] = end;
  moved[index] = [start, end];
  return moved;
};

// One edge, "start" or "end", to where it is wanted, or as near as it may go.
export const edge = (marks, index, side, to, along, total) => {
  const [start, end] = marks[index];
  const place =
    side === "start"
      ? [clamp(to, lowest(marks, index, along), end - LEAST), end]
      : [start, clamp(to, start + LEAST, highest(marks, index, along, total))];
  return put(marks, index, place, along);
};

// A whole syllable, by so many seconds or as many as it may.
export const shift = (marks, index, by, along, total) => {
  const [start, end] = marks[index];
  const far = clamp(by, lowest(marks, index, along) - start, highest(marks, index, along, total) - end);
  return put(marks, index, [start + far, end + far], along);
};

// As many as there are syllables, evenly: where none were found.
export const spread = (count, total) =>
  Array.from({ length: count }, (_each, index) => [(index * total) / count, ((index + 1) * total) / count]);
