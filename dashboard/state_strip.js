// Draws models with their states. Names were recorded: they go in as text nodes, nothing of them can become markup.
const MARKS = { up: "●", degraded: "◐", down: "✕", unknown: "?" }

const element = (name, className, text) => {
  const node = document.createElement(name)
  node.className = className
  if (text !== undefined) node.textContent = text
  return node
}

const chip = (model, press) => {
  const button = element("button", `chip ${model.state in MARKS ? model.state : "unknown"}`)
  button.type = "button"
  button.title = `${model.model} · ${model.provider}: ${model.state}, ${model.told}`
  button.append(
    element("span", "state", `${MARKS[model.state] ?? "?"} ${model.state}`),
    element("span", "name", model.model),
    element("span", "aside", `${model.provider} · ${model.told}`),
  )
  button.onclick = press
  return button
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component
  const root = parentElement.querySelector(".states")
  root.replaceChildren(...data.chips.map((model, number) => chip(model, () => setTriggerValue("picked", number))))
}
