import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 60_000, // a machine that has other work to do is no failure
    setupFiles: ["./fuzz.setup.mjs"],
    environmentOptions: { jsdom: { pretendToBeVisual: false } }, // it draws nothing, so all is told at once
  },
});
