-- The flatness paper's theory: what holds and what does not, and that each verdict follows its formula.
-- arguments: --set draws=5000 --set perturbations=4
local basin = require "basin"
local folder = package.path:match("([^;]+)/tests/lua/%?%.lua") .. "/scripts/flatness/"
package.path = folder .. "?.lua;" .. package.path

-- The verdicts, after change(theory) has altered the formulas.
local function verdicts(change)
  for name in pairs(package.loaded) do
    if name:find "^theory%." then package.loaded[name] = nil end
  end
  change(require "theory.formulas")
  local say = print
  print = function() end
  local list = dofile(folder .. "theory.lua")
  print = say
  basin.arguments = function() end  -- which a script may call once
  return list
end
local function expect(list, what, wanted)  -- wanted(verdict): true, false, or nil where anything goes
  local seen = 0
  for _, v in ipairs(list) do
    local holds = wanted(v)
    if holds ~= nil then
      seen = seen + 1
      if v.holds ~= holds then
        error(("%s: '%s' as %s %s, by %g"):format(what, v.claim, v.as, v.holds and "holds" or "does not hold", v.number))
      end
    end
  end
  assert(seen > 0, what)
  return seen
end

-- As they are: what stands instead holds, and what is printed holds only where nothing has to stand instead.
local list = verdicts(function() end)
local corrected, names = {}, {}
for _, v in ipairs(list) do
  if v.as == "instead" then corrected[v.claim] = true end
  if v.as == "instead" and not names[v.of] then names[v.of], names[#names + 1] = true, v.of end
end
print(#list, expect(list, "as they are", function(v) return v.as == "instead" or not corrected[v.claim] end))  --> 29	29

-- The printed formula in place of the right one, and the other way round: both verdicts turn.
for _, name in ipairs(names) do
  local swapped = verdicts(function(theory)
    theory.printed[name], theory.right[name] = theory.right[name], theory.printed[name]
  end)
  expect(swapped, name .. " swapped", function(v)
    if v.of == name then return v.as == "printed" end
  end)
end
print(#names)  --> 13

-- A factor 1/m or a sign lost in a formula that holds.
local lost = {
  ["1/m of the model"] = { { "exponent", "instead" }, function(theory)
    local score = theory.score
    function theory.score(model, weights, x) return score(model, weights, x) * model.m end
  end },
  ["1/m of Sigma"] = { { "mean", "instead" }, function(theory)
    function theory.precision(model, delta) return basin.eye(model.d, "float64") + (theory.parts(model, delta)) end
    theory.printed.points = theory.right.points  -- it draws from N(mu, Sigma), and this Sigma is not positive definite
  end },
  ["the sign of C"] = { { "mean", "instead" }, function(theory)
    local constant = theory.constant
    function theory.constant(model, delta) return -constant(model, delta) end
  end },
  ["1/m^2 of the divergence"] = { { "divergence", "printed" }, function(theory)
    local shift = theory.shift
    function theory.shift(model, delta) return shift(model, delta) * model.m ^ 2 end
  end },
}
for what, case in pairs(lost) do
  local of, as = table.unpack(case[1])
  local first = true
  expect(verdicts(case[2]), what, function(v)
    if v.of == of and v.as == as and first then
      first = false
      return false
    end
  end)
end
