// Numbers as text. Times arrive in microseconds, rates in kbit/s.

const number = (value, digits) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const seconds = (us, digits = 3) => `${number(us / 1e6, digits)} s`;
const milliseconds = (us) => `${number(us / 1e3, 1)} ms`;
const percent = (share) => `${number(share * 100, 1)} %`;
const plural = (count, what) => `${number(count, 0)} ${what}${count === 1 ? "" : "s"}`;
// As many digits after the point as ticks `step` apart need.
const digitsFor = (step) => Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
