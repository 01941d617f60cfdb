package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// toAccountConfig leaves out what cannot cross a process: the client, the logger and the clock, which the plugin's side makes.
func toAccountConfig(l *pluginv1.Arena, c pay.AccountConfig) *pluginv1.AccountConfig {
	out := l.AccountConfig()
	*out = pluginv1.AccountConfig{
		AccountId:  c.AccountID,
		Revision:   c.Revision,
		Mode:       string(c.Mode),
		ConfigJson: c.Config,
		WebhookUrl: c.WebhookURL,
		State:      toState(l, c.State),
	}
	return out
}

func fromAccountConfig(c *pluginv1.AccountConfig) pay.AccountConfig {
	return pay.AccountConfig{
		AccountID:  c.GetAccountId(),
		Revision:   c.GetRevision(),
		Mode:       pay.Mode(c.GetMode()),
		Config:     fromJSON(c.GetConfigJson()),
		WebhookURL: c.GetWebhookUrl(),
		State:      fromState(c.GetState()),
	}
}

func toMethod(l *pluginv1.Arena, m pay.Method) *pluginv1.Method {
	out := l.Method()
	*out = pluginv1.Method{Code: m.Code, Title: m.Title, Min: toMoney(l, m.Min), Max: toMoney(l, m.Max)}
	return out
}

func fromMethod(m *pluginv1.Method) pay.Method {
	return pay.Method{Code: m.GetCode(), Title: m.GetTitle(), Min: fromMoney(m.GetMin()), Max: fromMoney(m.GetMax())}
}

func toAccountInfo(l *pluginv1.Arena, i pay.AccountInfo) *pluginv1.AccountInfo {
	out := l.AccountInfo()
	*out = pluginv1.AccountInfo{
		Report:             toReport(l, i.Report),
		Mode:               string(i.Mode),
		ProviderAccountRef: i.ProviderAccountRef,
		Title:              i.Title,
		Abilities:          toNames(l, i.Abilities),
		Currencies:         toNames(l, i.Currencies),
		Methods:            lendEach(l, i.Methods, toMethod),
		NextActions:        lendEach(l, i.NextActions, toNextAction),
	}
	return out
}

func fromAccountInfo(i *pluginv1.AccountInfo) pay.AccountInfo {
	return pay.AccountInfo{
		Report:             fromReport(i.GetReport()),
		Mode:               pay.Mode(i.GetMode()),
		ProviderAccountRef: i.GetProviderAccountRef(),
		Title:              i.GetTitle(),
		Abilities:          fromNames[pay.Ability](i.GetAbilities()),
		Currencies:         fromNames[string](i.GetCurrencies()),
		Methods:            each(i.GetMethods(), fromMethod),
		NextActions:        each(i.GetNextActions(), fromNextAction),
	}
}

func toMaintain(l *pluginv1.Arena, r pay.Maintain) *pluginv1.MaintainRequest {
	out := l.MaintainRequest()
	*out = pluginv1.MaintainRequest{
		Call: toCall(l, r.Call), Reason: r.Reason, State: toState(l, r.State), WebhookUrl: r.WebhookURL,
		InputJson: r.Input,
	}
	return out
}

func fromMaintain(r *pluginv1.MaintainRequest) pay.Maintain {
	return pay.Maintain{
		Call: fromCall(r.GetCall()), Reason: r.GetReason(), State: fromState(r.GetState()), WebhookURL: r.GetWebhookUrl(),
		Input: fromJSON(r.GetInputJson()),
	}
}

func toMaintained(l *pluginv1.Arena, m pay.Maintained) *pluginv1.Maintained {
	out := l.Maintained()
	*out = pluginv1.Maintained{State: toState(l, m.State), NextAt: toTime(l, m.NextAt)}
	if m.Info != nil {
		out.Info = toAccountInfo(l, *m.Info)
	}
	return out
}

func fromMaintained(report *pluginv1.Report, m *pluginv1.Maintained) pay.Maintained {
	out := pay.Maintained{Report: fromReport(report), State: fromState(m.GetState()), NextAt: fromTime(m.GetNextAt())}
	if i := m.GetInfo(); i != nil {
		info := fromAccountInfo(i)
		out.Info = &info
	}
	return out
}
