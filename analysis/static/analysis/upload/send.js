// One file, one request. `fetch` tells nothing of how much was sent, so XMLHttpRequest it is.
export const send = (address, fields, token, onProgress) =>
  new Promise((done) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    request.open("POST", address);
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress((100 * loaded) / (total || 1)));
    for (const name of ["load", "error", "abort", "timeout"]) {
      request.addEventListener(name, () => done({ status: request.status, told: request.response ?? {} }), { once: true });
    }
    request.send(body);
  });

// Never more than so many at once; one that fails does not stop the others.
export const several = async (tasks, atOnce) => {
  const waiting = [...tasks];
  const next = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) await task();
  };
  await Promise.all(Array.from({ length: atOnce }, next));
};
