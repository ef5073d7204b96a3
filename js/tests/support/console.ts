import { afterEach, beforeEach, type Mock, vi } from "vitest";

/** Take what is said at the console as an error, in each test of a file, and print nothing. */
export function heedErrors(): Mock {
  const errors = vi.fn();
  beforeEach(() => {
    errors.mockClear();
    vi.spyOn(console, "error").mockImplementation(errors);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return errors;
}
