import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist/", "src/generated/"] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["*.js", "scripts/*.mjs"] } },
    },
    rules: {
      // Counts and sizes belong into sentences as they are.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // A loop that ends from within is the plain form of "until the stream ends".
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
    },
  },
  {
    files: ["tests/**"],
    rules: {
      // node:test collects what `test` and `describe` return by itself.
      "@typescript-eslint/no-floating-promises": "off",
    },
  },
);
