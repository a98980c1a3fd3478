import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Handlebars from "handlebars";

/** The kinds of email; each has a `.subject.hbs`, a `.html.hbs` and a `.text.hbs` in `templates/`. */
export type TemplateName =
  "form-submitted" | "form-unsubmitted" | "form-deleted" | "form-updated" | "credential-revoked";

export interface RenderedTemplate {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

type Render = Handlebars.TemplateDelegate;

/** Said, and not left to the default, which also prints a warning. */
const OWN_VALUES_ONLY = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };

/**
 * Renders one kind of email. Values are escaped in the HTML, and are text in the subject and the
 * text part.
 *
 * @throws Error when the template uses a value that isn't given
 */
export function renderTemplate(name: TemplateName, values: object): RenderedTemplate {
  const { subject, html, text } = (compiled[name] ??= compileTemplate(name));
  return {
    subject: subject(values, OWN_VALUES_ONLY).trim(),
    html: html(values, OWN_VALUES_ONLY),
    text: text(values, OWN_VALUES_ONLY),
  };
}

const compiled: Partial<Record<TemplateName, Record<keyof RenderedTemplate, Render>>> = {};

// Each with partials of its own: the same part of a layout is written differently in both.
const htmlEngine = Handlebars.create();
const textEngine = Handlebars.create();
for (const partial of ["layout", "form-details"]) {
  htmlEngine.registerPartial(partial, readTemplate(`${partial}.html.hbs`));
  textEngine.registerPartial(partial, readTemplate(`${partial}.text.hbs`));
}

function compileTemplate(name: TemplateName): Record<keyof RenderedTemplate, Render> {
  const text = { strict: true, noEscape: true };
  return {
    subject: textEngine.compile(readTemplate(`${name}.subject.hbs`), text),
    html: htmlEngine.compile(readTemplate(`${name}.html.hbs`), { strict: true }),
    text: textEngine.compile(readTemplate(`${name}.text.hbs`), text),
  };
}

function readTemplate(file: string): string {
  return readFileSync(join(templatesFolder(), file), "utf8");
}

/** `templates/` beside the nearest package.json above: the same from the sources and from a build. */
function templatesFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  return join(folder, "templates");
}
