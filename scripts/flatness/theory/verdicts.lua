-- How a claim of the paper becomes a verdict: a number that is computed, against a tolerance that is said.
local theory = require "theory.formulas"
local verdicts = { list = {} }

-- One claim. check(formula) gives the number that decides, at most `tolerance` where the claim holds, and a note: where
-- it comes from, or with `show` the estimate itself. `of` names the formula in theory.printed and theory.right.
function verdicts.claim(c)
  print(("\n%s\n  computed   %s"):format(c[1], (c.computed:gsub("\n", "\n             "))))
  local function judge(as, statement, formula)
    if not statement then return end
    local number, note = c.check(formula)
    local holds = number <= c.tolerance  -- false for nan
    print(("  %-9s  %s"):format(as, statement))
    print(("             %s: %.3g, tolerance %.3g"):format(holds and "holds" or "does not hold", number, c.tolerance))
    if note and (c.show or not holds) then
      print(("             %s%s"):format(holds and "" or "counter-example: ", note))
    end
    verdicts.list[#verdicts.list + 1] = { claim = c[1], of = c.of or "", as = as, holds = holds, number = number }
  end
  judge("printed", c.printed, theory.printed[c.of])
  judge("instead", c.right, theory.right[c.of])
end

-- The largest of check(i) over i = 1, ..., n, and its note.
function verdicts.largest(n, check)
  local most, note = -math.huge, nil
  for i = 1, n do
    local number, said = check(i)
    if not (number <= most) then most, note = number, said end
    if number ~= number then break end
  end
  return most, note
end
function verdicts.worst(x) return x:max():item(), x:argmax() end
function verdicts.vector(x)
  local list = x:totable()
  for i, value in ipairs(list) do list[i] = ("%.3g"):format(value) end
  return "(" .. table.concat(list, ", ") .. ")"
end
function verdicts.mean(x)  -- of Monte-Carlo draws [n], and its standard error
  return x:mean():item(), x:std():item() / math.sqrt(#x)
end
function verdicts.proportion(hits, n)  -- 95 % interval of a probability (Wilson 1927), also where nothing was hit
  local z2 = 1.96 ^ 2
  local half = 1.96 * math.sqrt(hits * (n - hits) / n + z2 / 4)
  return (hits + z2 / 2 - half) / (n + z2), (hits + z2 / 2 + half) / (n + z2)
end

return verdicts
