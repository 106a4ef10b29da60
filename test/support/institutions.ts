import {
	type InstitutionSettings,
	type Institutions,
	readInstitutions,
} from '../../src/institutions/settings.ts';

/** How settings differ from the defaults; parts of a field replace these parts only. */
export type SettingsOver = {
	readonly [K in keyof InstitutionSettings]?: InstitutionSettings[K] extends readonly unknown[]
		? InstitutionSettings[K]
		: Partial<InstitutionSettings[K]>;
};

/** Institutions as they are by default, with some of their settings changed. */
export function testInstitutions(
	simulatorUrl = 'http://127.0.0.1:9',
	over: SettingsOver = {},
): Institutions {
	const read = readInstitutions({ simulatorUrl, env: {} });
	const all = read.all.map((settings) => changed(settings, over));
	const byId = new Map(all.map((settings) => [settings.id, settings]));
	return { ...read, all, get: (id) => byId.get(id) };
}

function changed(settings: InstitutionSettings, over: SettingsOver): InstitutionSettings {
	const fields = Object.entries(over).map(([name, value]) => {
		const old = settings[name as keyof InstitutionSettings];
		const isPlain = typeof old === 'object' && !Array.isArray(old);
		return [name, isPlain ? { ...old, ...(value as object) } : value];
	});
	return { ...settings, ...Object.fromEntries(fields) };
}
