import { describe, expect, it } from "vitest";
import { renderTemplate, type TemplateName } from "./templates.js";

const when = { date: "1 July 2024", time: "10:00:00" };

const values = {
  appUrl: "https://trainee.example.org",
  greeting: { name: "Dr Evans", plainName: "Dr Evans" },
  form: { title: "Form R (Part A)", url: "https://trainee.example.org/formr-a" },
  credential: { title: "T", plainTitle: "T", url: "https://trainee.example.org/placements" },
  state: "approved",
  reference: "a&b",
  plainReference: "a&b",
  when,
  issued: when,
};

const names: readonly TemplateName[] = [
  "form-submitted",
  "form-unsubmitted",
  "form-deleted",
  "form-updated",
  "credential-revoked",
];

describe("every template", () => {
  it.each(names)(
    "%s has a subject of one line, HTML that escapes, and text that doesn't",
    (name) => {
      const { subject, html, text } = renderTemplate(name, values);
      expect(subject).toMatch(/^Your .+|We have received .+/);
      expect(subject).not.toContain("\n");
      expect(html).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
      expect(html).toContain("a&amp;b");
      expect(text).toContain("a&b");
      expect(text).not.toMatch(/<\/?[a-z]+>/);
      for (const part of [html, text]) {
        expect(part).toContain("Dear");
        expect(part).not.toMatch(/\{\{|\}\}|undefined/);
      }
    },
  );

  it.each(names)("%s says so when a value is missing, instead of leaving a gap", (name) => {
    const { greeting: _, ...incomplete } = values;
    expect(() => renderTemplate(name, incomplete)).toThrow("not defined");
  });

  it("reads nothing from a value's prototype", () => {
    const inherited = Object.create(values) as object;
    expect(() => renderTemplate("form-submitted", inherited)).toThrow("not defined");
  });
});
