// Draws a conversation. Everything that was recorded goes in as text nodes: nothing of it can become markup.
const element = (name, className, text) => {
  const node = document.createElement(name)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text
  return node
}

const segment = (piece) => {
  if (!piece.tone) return document.createTextNode(piece.text)
  const mark = element("mark", piece.tone, piece.text)
  mark.title = piece.label || "looked at by a filter: clean"
  if (!piece.label) return mark
  const both = document.createDocumentFragment()
  both.append(mark, element("span", `label ${piece.tone}`, piece.label))
  return both
}

const fold = (body) => {
  const button = element("button", "more", "Show all")
  button.type = "button"
  button.onclick = () => {
    const open = body.classList.toggle("open")
    button.textContent = open ? "Show less" : "Show all"
  }
  requestAnimationFrame(() => {
    button.hidden = body.scrollHeight <= body.clientHeight + 4
  })
  return button
}

// An image is drawn only when someone asks for it.
const picture = (url) => {
  const box = element("div", "picture")
  const button = element("button", "more", "Show the image")
  button.type = "button"
  button.onclick = () => {
    const shown = box.querySelector("img")
    button.textContent = shown ? "Show the image" : "Hide the image"
    if (shown) return shown.remove()
    const image = document.createElement("img")
    image.src = url
    image.alt = "The image that was sent along"
    box.append(image)
  }
  box.append(button)
  return box
}

const block = (part) => {
  const box = element("div", `block ${/^(text|refusal)$/.test(part.kind) ? "" : "aside"}`)
  if (part.kind !== "text") {
    box.append(element("div", "kind", [part.kind.replaceAll("_", " "), part.title].filter(Boolean).join(" · ")))
  }
  if (part.segments.length) {
    const body = element("div", "body")
    body.append(...part.segments.map(segment))
    box.append(body, fold(body))
  }
  if (part.picture) box.append(picture(part.picture))
  if (part.left_out) {
    box.append(element("div", "kind", `${part.left_out.toLocaleString("en")} more characters stand in the raw body`))
  }
  return box
}

const turn = (message) => {
  const row = element("section", `turn ${message.side}`)
  row.append(element("div", "role", message.role))
  const blocks = element("div", "blocks")
  blocks.append(...message.blocks.map(block))
  if (message.remarks.length) {
    const remarks = element("div", "remarks")
    remarks.append(...message.remarks.map((remark) => element("span", `label ${remark.tone}`, remark.label)))
    blocks.append(remarks)
  }
  row.append(blocks)
  return row
}

export default function (component) {
  const root = component.parentElement.querySelector(".conversation")
  const shown = JSON.stringify(component.data)
  if (root.dataset.shown === String(shown.length) && root.shown === shown) return
  root.shown = shown
  root.dataset.shown = String(shown.length)
  root.replaceChildren(...component.data.turns.map(turn))
}
