// Looks at a chosen file before it is sent: its size and what the browser takes it for. The server looks again.

// Recorders write sound as video, too; what a browser does not know has no type and is left to the server.
const SOUND = /^(audio\/.*|video\/.*|application\/ogg|)$/;

export const troubleOf = (file, most) => {
  if (!file.size) return "empty";
  if (file.size > most) return "too_large";
  return SOUND.test(file.type) ? "" : "no_sound";
};

class SoundField {
  constructor(input) {
    this.input = input;
    input.hasChangeListener = true; // unfold's own would look for the text field of its own widget, and fail
    this.words = JSON.parse(input.dataset.words);
    this.said = document.createElement("p");
    this.said.className = "vb-trouble";
    this.said.id = `${input.id}-trouble`;
    this.said.setAttribute("role", "alert");
    input.after(this.said);
    input.addEventListener("change", () => this.#look());
    input.form.addEventListener("submit", (event) => this.#submit(event));
  }

  #look() {
    const file = this.input.files[0];
    const trouble = file ? troubleOf(file, Number(this.input.dataset.mostBytes)) : "";
    this.said.textContent = this.words[trouble] ?? "";
    this.input.setAttribute("aria-invalid", trouble ? "true" : "false");
    if (trouble) this.input.setAttribute("aria-describedby", this.said.id);
  }

  #submit(event) {
    if (!this.said.textContent) return;
    event.preventDefault();
    this.input.focus();
    this.input.scrollIntoView({ block: "center" });
  }
}

for (const input of document.querySelectorAll("input[type=file][data-most-bytes]")) new SoundField(input);
