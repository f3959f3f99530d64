// Draws names and values. What was recorded goes in as text nodes: nothing of it can become markup.
const element = (name, text) => {
  const node = document.createElement(name)
  node.textContent = text
  return node
}

export default function (component) {
  const root = component.parentElement.querySelector(".facts")
  root.replaceChildren(
    ...component.data.facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]),
  )
}
