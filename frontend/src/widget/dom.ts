/* Elements without a framework. Attributes are set one by one: markup with styles or handlers in it would break a strict policy. */

type Attributes = Record<string, string | number | boolean | null | ((event: Event) => void)>;

/** Return a new element; functions become listeners, `true` an empty attribute, `false` and `null` none. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string | null | false)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((one): one is Node | string => one !== null && one !== false));
  return element;
}
