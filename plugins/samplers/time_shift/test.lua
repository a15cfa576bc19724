local basin, toy = require "basin", require "toy"
local process, refused = toy.process, toy.refused

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
basin.run { name = "shift-model", device = "cpu", precision = "fp32" }:train {
  model = model, data = basin.dataset "shapes" { count = 64, size = 8 }, process = process, steps = 5, batch = 8,
  optimizer = basin.optimizer "adam" { lr = 1e-2 },
}
local function pixels(name, sampler, count, batch)
  return basin.run { name = "shift-" .. name, device = "cpu", precision = "fp32" }:sample {
    model = model, sampler = sampler, count = count or 4, batch = batch or 4, seed = 0,
  }.pixels * 1.0
end
local function difference(a, b) return (a - b):abs():max():item() end

local ddim = basin.sampler "ddim" { steps = 5, spacing = "even" }
local plain = pixels("plain", ddim)
assert(difference(pixels("none", basin.sampler "time_shift" { window = 0, base = ddim }), plain) <= 1)
assert(difference(pixels("cut", basin.sampler "time_shift" { window = 100, cutoff = 1000, base = ddim }), plain) <= 1)

-- DDIM at eta = 0 written out for one image: the model is asked where the variance fits.
local asked, half = {}, 100
local written = basin.sampler("written", function(s)
  local levels, x = s:levels(5), s.start
  for i = #levels, 1, -1 do
    local t = levels[i]
    local shifted, variance = t, x:var():item()
    if i < #levels and t >= 100 then
      for u = math.max(0, t - half), math.min(999, t + half) do
        if math.abs(variance - s.process:sigma(u) ^ 2) < math.abs(variance - s.process:sigma(shifted) ^ 2) then shifted = u end
      end
    end
    asked[#asked + 1] = shifted - t
    local alpha, sigma = s.process:alpha(t), s.process:sigma(t)
    local x0 = ((x - s:denoise(x, shifted) * sigma) / alpha):clamp(-1, 1)
    local epsilon, before = (x - x0 * alpha) / sigma, i > 1 and levels[i - 1]
    x = before and x0 * s.process:alpha(before) + epsilon * s.process:sigma(before) or x0
  end
  return x
end)
local shift = basin.sampler "time_shift" { window = 200, cutoff = 100, base = ddim }
local shifted = pixels("moved", shift, 1, 1)
assert(difference(shifted, pixels("written", written, 1, 1)) <= 1)
assert(asked[1] == 0 and (asked[2] ~= 0 or asked[3] ~= 0), table.concat(asked, " "))  -- it did act
assert(difference(shifted, plain[1]) > 0)
-- And where the window holds every level, so that no end of it decides.
half = 999
local free = pixels("free", basin.sampler "time_shift" { window = 2 * half, cutoff = 100, base = ddim }, 1, 1)
assert(difference(free, pixels("free-written", written, 1, 1)) <= 1 and difference(free, shifted) > 0)

-- Half of the window to each side, no further than the process reaches, and from `cutoff` on. Made smaller, the noise has
-- less variance than any level near by, doubled it has more; the first question is answered as it is.
local function ask(name, questions, sampler)
  local answers = {}
  local probe = basin.sampler("probe", function(s)
    answers = {}
    for i, q in ipairs(questions) do answers[i] = s:denoise(s.start * q[1], q[2]):copy() end
    return s.start
  end)
  pixels(name, sampler and sampler(probe) or probe)
  return answers
end
local answers = ask("ask", { { 2, 600 }, { 0.5, 600 }, { 2, 600 }, { 2, 990 }, { 0.1, 300 }, { 0.1, 299 } },
  function(probe) return basin.sampler "time_shift" { window = 40, cutoff = 300, base = probe } end)
local wanted = ask("wanted", { { 2, 600 }, { 0.5, 580 }, { 2, 620 }, { 2, 999 }, { 0.1, 280 }, { 0.1, 299 } })
local beside = ask("beside", { { 2, 620 }, { 0.5, 579 }, { 2, 621 }, { 2, 998 }, { 0.1, 281 }, { 0.1, 298 } })
for i, answer in ipairs(answers) do
  local off, next_to = difference(answer, wanted[i]), difference(answer, beside[i])
  assert(off < 0.1 * next_to, ("%d: %g and %g"):format(i, off, next_to))
end

-- Each image for itself, whatever it is sampled beside; around another shift, too.
assert(difference(pixels("batch", shift, 4, 4)[1], shifted[1]) <= 1)
pixels("twice", basin.sampler "time_shift" { base = shift })

refused("window", function() return basin.sampler "time_shift" { window = -1, base = ddim } end)
print "ok"
