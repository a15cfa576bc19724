-- A loss is known by its text and by all that it captured: helpers, their helpers, tables, tensors. Whatever changes there
-- makes another run; what is the same goes on in the same one.
local basin = require "basin"

local function folder(loss)
  local run = basin.run { name = "loss", device = "cpu" }
  run:train {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
    data = basin.dataset "shapes" { count = 16, size = 8 }, process = basin.process "vp", steps = 1, batch = 4,
    optimizer = basin.optimizer "adam", loss = loss,
  }
  return run.folder
end

-- The same text each time; only what it captured differs.
local function squares(captured)
  return function(model, x0, noise, t, context)
    local e = model(context.process:noised(x0, noise, t), t) - noise
    return type(captured) == "function" and captured(e) or (e ^ 2):mean(2, 3, 4)
  end
end

local function power(p) return function(e) return (e ^ 2):mean(2, 3, 4) * p end end
local function twice(inner) return function(e) return inner(e) * 2 end end
local function same_and_other(what, a, again, other)
  local first = folder(squares(a))
  assert(folder(squares(again)) == first, what .. ": the same loss began another run")
  assert(folder(squares(other)) ~= first, what .. ": another loss loaded the finished run")
end
same_and_other("a helper", power(1), power(1), function(e) return (e ^ 2):mean(2, 3, 4) end)
same_and_other("what a helper captured", power(2), power(2), power(3))
same_and_other("a helper's helper", twice(power(1)), twice(power(1)), twice(power(5)))
same_and_other("a table", { a = 1, b = { "x", true }, c = 0.5 }, { c = 0.5, b = { "x", true }, a = 1 },
  { a = 1, b = { "x", false }, c = 0.5 })
same_and_other("a function in a table", { f = power(7) }, { f = power(7) }, { f = power(8) })
same_and_other("a tensor", { basin.tensor { 1, 2 } }, { basin.tensor { 1, 2 } }, { basin.tensor { 1, 3 } })
same_and_other("text and number", { "1" }, { "1" }, { 1 })

-- Tables and functions that lead back to themselves end.
local function ring(n)
  local t = { n = n }
  t.self, t.f = t, function() return t.n end
  return t
end
same_and_other("a ring", ring(1), ring(1), ring(2))
