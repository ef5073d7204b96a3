import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    setupFiles: ["./fuzz.setup.mjs"],
    environmentOptions: { jsdom: { pretendToBeVisual: false } }, // it draws nothing, so all is told at once
  },
});
