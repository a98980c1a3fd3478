/**
 * A module that may not be imported.
 *
 * @typedef {{ regex: string, message: string, importNames?: string[] }} Restriction
 */

/**
 * Rules that refuse the given modules in every form an import can take: `import`, `export from`,
 * `import()` and the type `import("...")`.
 *
 * @param {Restriction[]} restrictions
 * @returns {import("eslint").Linter.RulesRecord}
 */
export function restrictImports(restrictions) {
  const whole = restrictions.filter(({ importNames }) => importNames === undefined);
  return {
    "no-restricted-imports": ["error", { patterns: restrictions }],
    "no-restricted-syntax": [
      "error",
      ...whole.flatMap(({ regex, message }) => {
        // Selectors can't hold a slash within a regular expression.
        const value = `/${regex.replaceAll("/", "\\u002F")}/`;
        return [
          { selector: `ImportExpression[source.value=${value}]`, message },
          {
            selector: `ImportExpression TemplateElement[value.cooked=${value}]`,
            message,
          },
          { selector: `TSImportType[source.value=${value}]`, message },
        ];
      }),
    ],
  };
}
