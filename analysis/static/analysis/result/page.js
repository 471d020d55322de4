// The result page: listening, keys, charts. Everything here only adds to what the server wrote.
import { copyNote } from "./note.js";
import { keys } from "./keys.js";
import { Listening } from "./listening.js";
import { pitchChart } from "./pitch.js";
import { trendChart } from "./trend.js";
import { unsaved } from "./unsaved.js";
import { waveforms } from "./waveforms.js";

const found = JSON.parse(document.getElementById("vb-result").textContent);
const listening = new Listening(found);

listening.buttons();
keys(listening);
pitchChart(found, listening);
trendChart(found);
waveforms(found, listening);
copyNote(found.words);
unsaved(found.words);
