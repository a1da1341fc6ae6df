/** The seed of randomised tests: $SEED, on CI a fixed one, so that a change is judged by itself, else a new one at every run. */
const CI_SEED = 20261122;

export const SEED = Number(
  process.env.SEED ?? (process.env.CI === "true" ? CI_SEED : Math.floor(Math.random() * 2 ** 31)),
);
